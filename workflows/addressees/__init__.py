"""Who is who inside one municipality (団体内統合宛名), and the vault of numbers."""
