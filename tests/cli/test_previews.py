"""`ticket preview`, `receipt preview` and `sim paper`: paper as pictures, for a technician."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from drivers.printers.plain import lines
from drivers.printers.simulated import SimulatedPrinter, SimulatedPrinterOptions
from terminal.cli import cli, samples
from terminal.core.paper import Document, Text
from tests.cli.conftest import Place, at
from tests.core.making import ticket_job
from tests.journal.ticketing import CODE, sold, ticket_sale
from tests.support import needs

needs.module("escpos", "printer")

CONFIG = Path(__file__).parents[2] / "config"
KIOSK = CONFIG / "ticket-kiosk.toml"


def run(*args: str, config: Path = KIOSK) -> Result:
    return CliRunner(env={"TERMINAL_CONFIG": str(config), "COLUMNS": "120"}).invoke(cli, args)


def scanned(path: Path) -> set[str]:
    """What zbarimg reads on a picture with a white edge, as paper has one."""
    with Image.open(path) as picture:
        wide = Image.new("1", (picture.width + 48, picture.height + 48), 1)
        wide.paste(picture, (24, 24))
    edged = path.with_suffix(".edged.png")
    wide.save(edged)
    done = subprocess.run([needs.program("zbarimg"), "-q", edged], capture_output=True, text=True, check=False)
    return set(done.stdout.splitlines())


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.mode == "1"
        return picture.size


@pytest.fixture
def png(tmp_path: Path) -> Path:
    return tmp_path / "paper.png"


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = KIOSK.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = tmp_path / "terminal.toml"
    path.write_text(text)
    return path


# -- tickets -------------------------------------------------------------------------------------------


def test_an_example_ticket_of_the_configured_kiosk(png: Path) -> None:
    done = run("ticket", "preview", "--png", str(png))
    assert done.exit_code == 0, done.output
    assert size(png)[0] == 504
    assert done.output == f"{png}: 1 document, 504 x {size(png)[1]} dots, as 'tickets' prints it.\n"
    codes = {line.partition(":")[0]: line.partition(":")[2] for line in scanned(png)}
    assert codes["CODE-128"] == codes["QR-Code"]
    assert len(codes["CODE-128"]) == 18


def test_the_example_is_the_same_each_time(png: Path) -> None:
    run("ticket", "preview", "--png", str(png))
    first = png.read_bytes()
    run("ticket", "preview", "--png", str(png), "--force")
    assert png.read_bytes() == first


def test_a_signed_example_has_a_qr_code_of_the_real_size(png: Path, tmp_path: Path) -> None:
    config = changed(
        tmp_path, ("# [codes]", "[codes]"), ("# sign = true", "sign = true"), ("# sign_cred", "sign_cred")
    )
    assert run("ticket", "preview", "--png", str(png), config=config).exit_code == 0
    codes = {line.partition(":")[0]: line.partition(":")[2] for line in scanned(png)}
    assert codes["QR-Code"].startswith(f"{codes['CODE-128']}.")
    assert len(codes["QR-Code"]) > 100


def test_a_family_pass_gives_all_of_its_tickets(png: Path) -> None:
    done = run("ticket", "preview", "--png", str(png), "--product", "3", "--json")
    told = json.loads(done.stdout)
    assert told == {"file": str(png), "width": 504, "height": size(png)[1], "documents": 5}
    assert len(scanned(png)) == 10
    same = run("ticket", "preview", "--png", str(png), "--product", "Family Pass", "--json", "--force")
    assert json.loads(same.stdout) == told


@pytest.mark.parametrize(
    ("options", "width"),
    [
        (("--width", "58"), 384),
        (("--width", "80"), 576),
        (("--profile", "TM-T88V"), 512),
        (("--device", "tickets"), 504),
    ],
)
def test_another_printer_may_be_looked_at(png: Path, options: tuple[str, ...], width: int) -> None:
    assert run("ticket", "preview", "--png", str(png), *options).exit_code == 0
    assert size(png)[0] == width
    assert len(scanned(png)) == 2


def test_the_configured_profile_and_language_are_those_of_the_picture(png: Path, tmp_path: Path) -> None:
    narrow = changed(tmp_path, ('driver = "escpos"', 'driver = "escpos"\nprofile = "POS-5890"'))
    assert run("ticket", "preview", "--png", str(png), config=narrow).exit_code == 0
    assert size(png)[0] == 384
    german = png.read_bytes()
    danish = changed(
        tmp_path, ('driver = "escpos"', 'driver = "escpos"\nprofile = "POS-5890"'), ("de_DE", "da_DK")
    )
    assert run("ticket", "preview", "--png", str(png), "--force", config=danish).exit_code == 0
    assert png.read_bytes() != german


@pytest.mark.parametrize(
    ("args", "code", "sentence"),
    [
        (("--product", "77"), 2, "no product '77'; there are: 4 (Adult)"),
        (("--product", "12"), 2, "gives tickets"),
        (("--profile", "TM-T88VV"), 2, "did you mean one of: TM-T88V"),
        (("--profile", "AF-240"), 2, "AF-240 this cannot be printed"),
        (("--profile", "TM-T88V", "--width", "58"), 2, "at a time"),
        (("--device", "nothing"), 2, "no printer 'nothing' in the configuration; there are: tickets"),
        (("--product", "3", "--entry", "1"), 2, "for an example"),
        (("--entry", "0"), 2, "0"),
    ],
)
def test_what_cannot_be_shown_is_a_sentence(png: Path, args: tuple[str, ...], code: int, sentence: str) -> None:
    done = run("ticket", "preview", "--png", str(png), *args)
    assert done.exit_code == code
    assert sentence in done.stderr
    assert not png.exists()


@pytest.mark.parametrize("width", ["58", "80"])
def test_the_longest_code_fits_on_all_paper_and_a_longer_one_is_refused(
    png: Path, tmp_path: Path, width: str
) -> None:
    codes = "[codes]\nlength = 24\ninfix_length = {}\n[codes_end]"
    longest = changed(tmp_path, ("# [codes]", codes.format(6)), ("[codes_end]", ""))
    assert run("ticket", "preview", "--png", str(png), "--width", width, config=longest).exit_code == 0
    read = dict(line.split(":", 1) for line in scanned(png))
    assert len(read["CODE-128"]) == 32
    longer = changed(tmp_path, ("# [codes]", codes.format(7)), ("[codes_end]", ""))
    done = run("ticket", "preview", "--png", str(png), "--force", config=longer)
    assert done.exit_code == 2
    assert "at most 32 characters" in done.stderr


@pytest.mark.parametrize("command", ["ticket", "receipt"])
def test_nothing_is_overwritten_without_force(png: Path, command: str) -> None:
    png.write_bytes(b"mine")
    done = run(command, "preview", "--png", str(png))
    assert done.exit_code == 2
    assert "--force" in done.stderr
    assert png.read_bytes() == b"mine"
    assert run(command, "preview", "--png", str(png), "--force").exit_code == 0
    assert size(png)[0] == 504


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    done = run("receipt", "preview", "--png", str(tmp_path / "no" / "x.png"))
    assert done.exit_code == 2
    assert "No such file or directory" in done.stderr


def test_without_the_library_the_sentence_names_the_extra(tmp_path: Path) -> None:
    """In a fresh process that finds no python-escpos."""
    program = "import sys; sys.modules['escpos'] = None\nfrom terminal.cli import main; main()"
    args = ["receipt", "preview", "--png", str(tmp_path / "x.png"), "--config", str(KIOSK)]
    done = subprocess.run([sys.executable, "-c", program, *args], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'terminald[printer]'" in done.stderr
    assert "Traceback" not in done.stderr


# -- receipts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["ticket-kiosk.toml", "coin-receptor.toml", "simulated-tickets.toml"])
def test_an_example_receipt_of_every_job_that_prints_one(png: Path, file: str) -> None:
    done = run("receipt", "preview", "--png", str(png), config=CONFIG / file)
    assert done.exit_code == 0, done.output
    assert size(png)[1] > 400


def test_an_example_receipt_rounds_cash_as_the_kiosk_does() -> None:
    def rows(**rules: object) -> list[str]:
        return lines(samples.receipt(ticket_job(**rules)), 32)

    assert "Rounding                0.50 EUR" in rows(pay=("coins",), cash_rounding=100)
    assert not any(
        "Rounding" in row for row in (*rows(pay=("card",), cash_rounding=100), *rows(pay=("coins",)))
    )


def test_a_job_without_tickets_or_receipts_says_so(png: Path) -> None:
    vending = CONFIG / "simulated.toml"
    assert "sells no tickets" in run("ticket", "preview", "--png", str(png), config=vending).stderr
    assert "prints no receipts" in run("receipt", "preview", "--png", str(png), config=vending).stderr


# -- from the books ------------------------------------------------------------------------------------


def sell(place: Place) -> int:
    place.journal.commit(sold("t1", ticket_sale(CODE, 3), session="s1"), at(0))
    entry = place.journal.entry("t1")
    assert entry is not None
    return entry.seq


def test_what_was_sold_is_drawn_from_the_books(place: Place, png: Path) -> None:
    seq = sell(place)
    done = place.run("ticket", "preview", "--png", str(png), "--entry", str(seq), "--width", "80")
    assert done.exit_code == 0, done.output
    assert "3 documents" in done.output
    codes = {line.partition(":")[2] for line in scanned(png)}
    assert codes == {f"{CODE}XJX{number:02}" for number in (1, 2, 3)}
    done = place.run("receipt", "preview", "--png", str(png), "--entry", str(seq), "--width", "80", "--force")
    assert "1 document, 576 x" in done.output
    assert scanned(png) == set()


def test_an_entry_without_paper_is_wrong_use(place: Place, png: Path) -> None:
    place.add("k1")
    done = place.run("ticket", "preview", "--png", str(png), "--entry", "1")
    assert done.exit_code == 2
    assert "No ticket was ever printed for entry 1" in done.stderr
    done = place.run("receipt", "preview", "--png", str(png), "--entry", "9")
    assert done.exit_code == 2
    assert "There is no entry 9" in done.stderr


# -- simulated paper -----------------------------------------------------------------------------------


def test_the_paper_of_a_simulated_printer_is_saved(place: Place, png: Path) -> None:
    seen = SimulatedPrinter.preview(SimulatedPrinterOptions(), [Document((Text("Thank you"),))])
    asked: list[int] = []

    def paper(number: int = 1) -> dict[str, object]:
        asked.append(number)
        if number > 3:
            raise ValueError("receipts has printed nothing yet")
        encoded = base64.b64encode(seen.png).decode()
        return {"png": encoded, "width": seen.width, "height": seen.height, "documents": number}

    place.hands["receipts"] = {"paper": paper}
    place.start()
    done = place.run("sim", "paper", "receipts", "--png", str(png), "--last", "2")
    assert done.exit_code == 0, done.output
    assert done.output.strip() == f"{png}: 2 documents, 512 x {seen.height} dots, as 'receipts' printed it."
    assert Image.open(io.BytesIO(png.read_bytes())).size == (seen.width, seen.height)
    assert place.run("sim", "paper", "receipts", "--png", str(png)).exit_code == 2, "it is there already"
    told = json.loads(place.run("sim", "paper", "receipts", "--png", str(png), "--force", "--json").stdout)
    assert (told["width"], told["documents"]) == (512, 1)
    assert "png" not in told
    assert place.run("sim", "paper", "receipts", "--png", str(png), "--last", "4").exit_code == 1
    assert "does not know 'paper'" in place.run("sim", "paper", "slot", "--png", "x").stderr
    assert asked == [2, 1, 1, 4]
