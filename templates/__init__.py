"""Every page, print page and mail. The folders mirror portal/."""
