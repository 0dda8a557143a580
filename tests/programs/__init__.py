"""Real extensions and programs, run through ``as_flask()`` beside Flask."""
