"""The student: Equation 1, the data it sees, how it is trained and kept."""
