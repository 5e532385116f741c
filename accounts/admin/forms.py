"""Forms whose constraints speak through their verb."""

from django import forms


class WordedForm(forms.ModelForm):
    """Django would say "Constraint ... is violated" before the verb could say what overlaps what, and what to do. The
    verb checks, the row is validated once more as it is stored, and the database has the last word."""

    def _post_clean(self) -> None:
        self.instance.validate_constraints = lambda exclude=None: None  # on this instance, for this check
        super()._post_clean()  # type: ignore[misc]
        del self.instance.validate_constraints
