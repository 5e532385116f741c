"""The door's only rows of its own: the tokens devices sign in with."""
