"""What happens in a week: one file per process, each a function of the country."""
