"""The interface system (インターフェイスシステム): what the hub of the bodies sees of the core, and nothing more."""
