//! loljoa-league-schedule
