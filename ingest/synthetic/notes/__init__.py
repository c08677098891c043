"""How each type of note is written from a patient's state."""
