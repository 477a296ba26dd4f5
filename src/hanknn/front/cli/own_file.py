"""`hanknn new`: a file to begin a model of one's own with."""

from typing import Annotated

import typer

from ...machine.files import write_text
from ..starting_file import starting_file
from .app import command
from .options import Force, require_place
from .printing import tell


@command()
def new(
    file: Annotated[str, typer.Argument(help="The file to write, such as my_model.py; its class is then MyModel.")],
    force: Force = False,
) -> None:
    """Write a file to begin a model of your own with: a complete real-business-cycle model, with comments.

    Example: hanknn new my_model.py. Then: hanknn show my_model.py:MyModel.
    """
    started = starting_file(file)
    require_place(started.path, force, "FILE")
    write_text(started.path, started.text)
    model = f"{started.path}:{started.class_name}"
    tell(f"Wrote {started.path}: a complete model, ready to be changed. Next:\n")
    tell(f"  hanknn show {model}\n  hanknn solve {model} --recipe quick")
