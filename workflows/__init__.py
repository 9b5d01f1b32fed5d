"""The back office: the engine, the link, who is who, and one package for each kind of case."""
