"""The settings as the reference page shows them: ``python -m tests.support.settings_table`` prints the page's table."""

from pixelshift.environment import variables
from pixelshift.variable import Variable


def settings_table() -> str:
    """Markdown, one section per room."""
    lines: list[str] = []
    for room in dict.fromkeys(room for room, _, _ in variables()):
        lines += ["", f"## {room.capitalize()}", "", "| Variable | Default | Meaning |", "|---|---|---|"]
        for owner, variable, default in variables():
            if owner == room:
                lines.append(
                    f"| `{variable.name}` | {_shown(variable, default)} | {variable.meaning.replace('|', '&#124;')} |"
                )
    return "\n".join(lines).strip()


def _shown(variable: Variable, default: object) -> str:
    match default:
        case bool():
            words = ("`No`", "`Yes`") if variable.meaning.startswith("`Yes`") else ("`off`", "`on`")
            return words[default]
        case tuple():
            return f"`{','.join(default)}`" if default else "none"
        case "":
            return "none"
        case _:
            return f"`{default}`"


if __name__ == "__main__":
    print(settings_table())
