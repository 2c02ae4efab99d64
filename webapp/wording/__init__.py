"""Facts in the words of a reader: the only place where a code becomes a sentence."""
