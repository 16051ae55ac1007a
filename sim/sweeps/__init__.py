"""one scenario at many values."""
