"""名寄せ: joining two addressees that are one person, parting one that is two, and taking either back."""
