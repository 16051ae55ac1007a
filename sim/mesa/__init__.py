"""The model in Mesa's words. Only this room and the rooms above it import Mesa."""
