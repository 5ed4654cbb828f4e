"""Finding fixes and proving them with the compiler."""
