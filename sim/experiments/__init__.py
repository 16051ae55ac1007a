"""Former places of rooms that documents of version 0.1 name; each goes with the next release."""
