"""The statements of the demonstration."""

from portal.running.demonstration_statements.population import populate_statements, print_few

__all__ = ["populate_statements", "print_few"]
