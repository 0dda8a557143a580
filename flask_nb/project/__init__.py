"""From a notebook's file to what is made of it: read it, run it, demonstrate it."""
