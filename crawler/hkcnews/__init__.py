"""The site: how its addresses are spelt, how its pages are laid out, what its non-articles look like."""
