"""How an address is described: in the words of its docstring, the first sentence beside the address."""

import inspect

from drf_spectacular.openapi import AutoSchema

from api.endpoint import Endpoint


class Described(AutoSchema):
    def get_description(self) -> str:  # type: ignore[override] # the library that draws asks without arguments
        """What the endpoint says, or nothing: not what its base says about all of them."""
        said: str = super().get_description()
        return "" if said == inspect.getdoc(Endpoint) else said

    def get_summary(self) -> str:
        """The first sentence of what the endpoint says about itself, or the words of its operation."""
        said = str(self.get_description()).strip().partition("\n")[0]
        sentence = said.split(". ")[0].rstrip(".")
        return sentence or self.get_operation_id().replace("_", " ").capitalize()
