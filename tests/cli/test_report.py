def test_the_report_is_written_anew_and_its_place_is_printed(earmark, trained):
    report = trained / "run" / "report.html"
    report.unlink()

    answer = earmark("report", trained / "run")

    assert answer.status == 0
    assert answer.out.strip() == str(report)
    assert report.exists()


def test_a_folder_without_a_run_is_one_line(earmark, tmp_path):
    answer = earmark("report", tmp_path)

    assert answer.status == 2
    assert len(answer.told) == 1
