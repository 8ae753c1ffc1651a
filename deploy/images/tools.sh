# Versions of what builds images, for the Dockerfile and the Makefile.
CHEF_VERSION=0.1.73
AUDITABLE_VERSION=0.7.2
