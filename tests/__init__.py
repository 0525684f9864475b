"""The tests. See the README of the project for how they are run."""
