"""住基ネット (CS and national server), stood in for: numbers, link-code requests, confirmation of who holds a certificate."""
