module loljoa/tests/cluster

go 1.24
