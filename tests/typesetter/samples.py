"""Makes ``data/samples``: ``python -m tests.typesetter.samples``.

Belongs here: which documents the samples are. Their figures are public (``sample_figures``) or of a
unit that does not exist. Running it twice makes the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from tests.typesetter.consistent import closing_balances, consistent_disclosure
from tests.typesetter.figures import Disclosure, load_disclosure
from tests.typesetter.manner import Manner
from tests.typesetter.text import Printed, print_text

FOLDER = Path(__file__).parents[2] / "data" / "samples"
_FIGURES = Path(__file__).parent / "sample_figures"

_ARCHIVES = {
    "template_id": "liaoning-qianshan",
    "unit": "示例市档案服务中心",
    "nature": "事业单位",
    "parent": "示例市档案局",
    "duties": "承担档案资料的接收、整理、保管和查阅服务工作",
    "codes": ("2012604", "2080505", "2080506", "2101102", "2210201"),
    "digits": 4,
}


def archives(year: int) -> Disclosure:
    """The invented 示例市档案服务中心: its opening balances are the closing ones of the year before."""
    if year == 2023:
        return consistent_disclosure(20232, year=2023, **_ARCHIVES)  # type: ignore[arg-type]
    before = closing_balances(archives(year - 1))
    return consistent_disclosure(20240 + year, year=year, opening=before, **_ARCHIVES)  # type: ignore[arg-type]


def documents() -> dict[str, tuple[Disclosure, Manner]]:
    """What each sample discloses and how it is printed, by its file name."""
    worn = Manner(break_every=23, watermark="仅供内部审核", split_numbers="line", closed_mark="———")
    return {
        "阳泉市卫生健康委员会医事管理中心2024年度单位决算.txt": (
            load_disclosure(_FIGURES / "yangquan-yishi-2024.yml"),
            worn,
        ),
        "上海市普陀区财政局2024年度部门决算.txt": (
            load_disclosure(_FIGURES / "putuo-czj-2024.yml"),
            Manner(thousands=True),
        ),
        "示例市档案服务中心2023年度单位决算.txt": (archives(2023), Manner()),
        "示例市档案服务中心2024年度单位决算.txt": (
            archives(2024),
            Manner(spaced_every=3, wrapped_every=4, truncated_codes=True, extra_columns=1),
        ),
    }


def samples() -> dict[str, Printed]:
    """Each sample by its file name."""
    return {name: print_text(disclosure, manner) for name, (disclosure, manner) in documents().items()}


def main() -> None:
    """Write the samples."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, printed in samples().items():
        (FOLDER / name).write_bytes(printed.data)


if __name__ == "__main__":
    main()
