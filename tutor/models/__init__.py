"""Language models: one small protocol, and Ollama behind it."""
