"""Writing a statement together: sections as they are filled in, saving that loses nothing, sentences, discussions, attachments."""
