"""Bad input: what a user gave cannot be used. The message names the place and the mend."""


class BadInput(Exception):
    """Ends the command with status 2; its text is all that is shown.

    Cause: a file, name or number that the user gave. Cure: what the text says.
    """
