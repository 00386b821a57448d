"""Reports in a real browser: what can be sorted, clicked and played, with the mouse and with the keyboard."""

import pytest

from earmark.report.build import write_report

CELL = "[data-cell='1 2'] button"
COLUMN = "[...document.querySelectorAll('{}')].map((cell) => cell.textContent.trim())"


@pytest.fixture
def opened(browser, crossval):
    """Open the report of a cross-validation in which four owls are taken for rain."""
    return open_page(browser, write_report(crossval))


def open_page(browser, path, *, width=1280):
    browser.resize(width)
    browser.open(path.as_uri())
    browser.until("document.readyState === 'complete' && !!document.querySelector('footer')")
    return browser


def names(browser):
    return browser.get(COLUMN.format("#chosen li > a, #chosen li:not(:has(a))"))


@pytest.mark.slow
def test_the_page_asks_for_nothing_and_complains_of_nothing(opened):
    assert opened.faults() == []
    assert all(address.startswith(("file:", "data:")) for address in opened.asked())
    assert opened.get("!!document.querySelector('button.sort')")  # so its script is allowed to run


@pytest.mark.slow
def test_a_number_of_the_matrix_shows_its_clips_and_they_play(opened):
    opened.get(f"document.querySelector({CELL!r}).scrollIntoView({{block: 'center'}})")
    opened.click(CELL)
    assert opened.text("#chosen h3") == "4 owl taken for rain"
    assert len(names(opened)) == 4
    assert all("owl/" in name for name in names(opened))
    assert opened.get(f"document.querySelector({CELL!r}).getAttribute('aria-pressed')") == "true"
    assert opened.get("document.querySelectorAll('#chosen audio').length") == 4
    opened.get("document.querySelector('#chosen audio').play().then(() => true)")
    opened.until("document.querySelector('#chosen audio').currentTime > 0.05")
    assert opened.get("document.querySelector('#chosen audio').readyState") >= 2
    assert opened.faults() == []


@pytest.mark.slow
def test_every_player_of_the_page_can_play(opened):
    lengths = opened.get(
        "Promise.all([...document.querySelectorAll('main audio')].map((audio) => new Promise((done) => {"
        " audio.onloadedmetadata = () => done(audio.duration); audio.onerror = () => done(-1); audio.load();"
        " audio.preload = 'metadata'; })))"
    )
    assert len(lengths) == 10  # four mistakes, six hits
    assert all(0.9 < length < 1.3 for length in lengths)


@pytest.mark.slow
def test_the_matrix_is_walked_with_arrow_keys_and_left_with_escape(opened):
    opened.get("document.querySelector('#matrix button').focus()")
    assert opened.get("document.activeElement.getAttribute('aria-label')") == "4 dog, right: show the clips"
    assert opened.get("document.querySelectorAll('#matrix button[tabindex=\"0\"]').length") == 1
    opened.press("ArrowDown")  # below the first cell is none that holds anything
    assert opened.get("document.activeElement.getAttribute('aria-label')").startswith("4 dog, right")
    opened.get("document.querySelector(\"[data-cell='2 2'] button\").focus()")
    opened.press("ArrowUp")
    assert opened.get("document.activeElement.getAttribute('aria-label')").startswith("4 owl taken for rain")
    opened.press("Enter")
    assert opened.get("document.activeElement.id") == "chosen"
    assert opened.text("#status") == "4 clips: owl taken for rain."
    opened.press("Escape")
    assert opened.get("document.getElementById('chosen').hidden")
    assert opened.get("document.activeElement.getAttribute('aria-label')").startswith("4 owl taken for rain")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("order", "expected"),
    [("recall", ["owl", "dog", "rain"]), ("similarity", None), ("given", ["dog", "owl", "rain"])],
)
def test_the_matrix_is_sorted_and_keeps_its_numbers_in_their_places(opened, order, expected):
    opened.get(
        f"{{const order = document.getElementById('matrix-order'); order.value = {order!r};"
        " order.dispatchEvent(new Event('change'))}"
    )
    rows = opened.get(COLUMN.format("#matrix tbody th"))
    columns = opened.get(COLUMN.format("#matrix thead th"))
    assert rows == columns
    assert expected is None or rows == expected
    if order == "similarity":
        assert abs(rows.index("owl") - rows.index("rain")) == 1
    cells = opened.get(
        "[...document.querySelectorAll('#matrix tbody tr')].map((r) => [...r.cells].map((c) => c.innerText))"
    )
    for name, *counts in cells:
        taken = dict(zip(columns, counts, strict=True))
        assert taken["rain" if name == "owl" else name] == "4"
        assert sum(count != "" for count in counts) == 1


@pytest.mark.slow
def test_a_table_is_sorted_both_ways_with_the_keyboard(opened):
    heading = "document.querySelectorAll('table.clips thead th')[3]"
    opened.get("document.getElementById('all-clips').open = true")
    opened.get(f"{heading}.querySelector('button').focus()")
    opened.press("Enter")
    assert opened.get(f"{heading}.getAttribute('aria-sort')") == "ascending"
    rising = [float(cell.split()[0]) for cell in opened.get(COLUMN.format("table.clips tbody td:nth-child(4)"))]
    assert rising == sorted(rising)
    assert len(set(rising)) > 1
    opened.press(" ")
    assert opened.get(f"{heading}.getAttribute('aria-sort')") == "descending"
    falling = [float(cell.split()[0]) for cell in opened.get(COLUMN.format("table.clips tbody td:nth-child(4)"))]
    assert falling == sorted(rising, reverse=True)
    assert opened.text("#status") == "Sorted by How sure, falling."


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(opened, width):
    opened.resize(width)
    assert opened.get("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_a_link_to_a_player_opens_what_it_is_folded_into(runs, browser, tmp_path, sounds):
    labels = ("dog", "rain")
    sounds.folder({"dog": 14, "rain": 1})
    items = [
        runs.Item(f"dog/dog{n}.wav", "dog", f"{n}", "test", runs.sure(labels, "rain", 0.9 - n / 100)) for n in range(14)
    ]
    run = runs.write(tmp_path / "run", items, data_path=tmp_path / "sounds", labels=labels)
    page = open_page(browser, write_report(run))
    assert not page.get("document.querySelector('.more').closest('details').open")
    page.get("location.hash = '#clip-13'")
    page.until("document.querySelector('.more').closest('details').open")


@pytest.mark.slow
def test_a_comparison_is_sorted_too(browser, comparison):
    page = open_page(browser, write_report(comparison))
    page.get("document.querySelectorAll('#candidates thead button')[1].click()")
    assert page.get(COLUMN.format("#candidates tbody th"))[0].startswith("svm")
    page.get("document.querySelectorAll('#candidates thead button')[1].click()")
    assert page.get(COLUMN.format("#candidates tbody th"))[0].startswith("cnn")
    assert page.faults() == []


@pytest.mark.slow
def test_without_its_script_the_page_is_whole(browser, crossval):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(write_report(crossval).as_uri())
        browser.until("document.readyState === 'complete' && !!document.querySelector('footer')")
        assert browser.get("document.querySelectorAll('#matrix button').length") == 0
        assert browser.get("getComputedStyle(document.querySelector('p.order')).display") == "none"
        assert browser.get(COLUMN.format("#matrix td.miss")) == ["4"]
        assert browser.get("document.querySelectorAll('#clips tbody tr').length") == 12
        browser.get("document.querySelector('#all-clips').scrollIntoView({block: 'center'})")
        browser.click("#all-clips summary")  # a list that unfolds without a script
        assert browser.get("document.getElementById('all-clips').open")
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
