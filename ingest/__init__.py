"""From sources to a published index: read, de-identify, cut up, embed, publish."""
