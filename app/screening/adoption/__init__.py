"""Taking over what rules suggest: one finding's suggestion, or those of all findings of a rule."""
