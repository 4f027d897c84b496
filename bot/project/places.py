"""Where the files are: those that ship with Vigilia, and the group's own beside or over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ConfigError, Problem

_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Places:
    """``root`` is the folder that holds ``config/``: relative paths count from it, and ``.env``
    lies in it. ``own`` is the group's config folder, None where the embedded defaults serve.
    ``shipped`` holds the ``config/`` and ``templates/`` that always load."""

    root: Path
    own: Path | None
    shipped: Path

    @property
    def config_folders(self) -> tuple[Path, ...]:
        """The config folders to read, the shipped one first; one where they are the same."""
        shipped = self.shipped / "config"
        if self.own is None or self.own.resolve() == shipped.resolve():
            return (shipped,)
        return (shipped, self.own)

    @property
    def main_config(self) -> Path:
        """The folder of ``vigilia.toml`` and ``channels.toml``: the group's, else the embedded."""
        return self.own or self.shipped / "config"

    @property
    def template_roots(self) -> tuple[Path, ...]:
        """The templates folders, the shipped one first, the group's own where it has one."""
        shipped, own = self.shipped / "templates", self.root / "templates"
        if self.own is None or not own.is_dir() or own.resolve() == shipped.resolve():
            return (shipped,)
        return (shipped, own)

    def label(self, path: Path) -> str:
        """Return a file's name as a person would write it: from the root, or as shipped."""
        # The shipped files may lie below the root, in a virtual environment beside config/.
        ours = any(path.is_relative_to(self.shipped / name) for name in ("config", "templates"))
        if ours and self.shipped != self.root:
            return f"{path.relative_to(self.shipped).as_posix()} (shipped with Vigilia)"
        if path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        return str(path)


def shipped_folder() -> Path:
    """Return the folder of the files that travel with the package: in a wheel, or in a checkout."""
    inside = _PACKAGE / "_shipped"
    return inside if inside.is_dir() else _PACKAGE.parent


def find_places(config: Path | None, environ: Mapping[str, str], cwd: Path) -> Places:
    """Return the places for ``--config``, else ``VIGILIA_CONFIG``, else ``config/`` in ``cwd``.

    Where none of the three is there, the embedded defaults serve, with ``cwd`` as the root. Raises
    ConfigError where a folder was asked for by name and is not there.
    """
    path = config or (Path(environ["VIGILIA_CONFIG"]) if environ.get("VIGILIA_CONFIG") else None)
    shipped = shipped_folder()
    if path is None:
        default = cwd / "config"
        there = any((default / name).is_file() for name in ("vigilia.toml", "channels.toml"))
        return Places(root=cwd, own=default if there else None, shipped=shipped)
    folder = path if path.is_absolute() else cwd / path
    folder = Path(folder.resolve())
    if not (folder / "vigilia.toml").is_file():
        what = "There is no vigilia.toml in this folder." if folder.is_dir() else "No such folder."
        sentence = (
            f"{what} `vigilia init DIR` writes a starter into DIR; then `--config DIR/config`."
        )
        raise ConfigError([Problem("error", "config-missing", str(path), "", sentence)])
    return Places(root=folder.parent, own=folder, shipped=shipped)
