import base64
import json
import re
from html import unescape

import pytest

from benchmarks import measures, page, results


def benchmark(group, name, seconds, scatter=0.01, rounds=5, params=None, **facts):
    stats = {"median": seconds, "min": 0.99 * seconds, "max": 1.02 * seconds, "iqr": scatter * seconds, "rounds": rounds}
    return {"group": group, "name": name, "params": params, "extra_info": facts, "stats": stats}


def step(case, dtype, peer, step_us, gflops, peak=100.0):
    facts = {"case": case, "dtype": dtype, "peer": peer, "step_us": step_us, "gflops": gflops, "peak_gflops": peak}
    return benchmark("peers", f"test_peer[{peer}-{case}-{dtype}]", 1e-3, **facts)


def point(curve, x, step_us, flops):
    return benchmark(f"growth: {curve}", f"test_{curve}[{x}]", 0.1, curve=curve, x=x, dtype="float32", step_us=step_us, flops=flops)


def update(name, dtype, nanoseconds, distribution):
    params, facts = {"name": name, "dtype": dtype}, {"ns_per_parameter": nanoseconds, "flops_per_parameter": 13}
    return benchmark("optimizer", f"test_update[{name}-{dtype}]", 1e-5, params=params, distribution=distribution, **facts)


def recorded():
    """A small file as pytest-benchmark writes it."""
    return {
        "machine_info": {
            "node": "secret-host", "system": "Linux", "machine": "x86_64", "python_version": "3.12.1", "cpu": {"brand_raw": "Some CPU"},
            "cores": 2, "blas": "openblas 0.3", "versions": {"optlab": "0.1.0", "numpy": "2.0.0"},
        },
        "commit_info": {"id": "0123456789abcdef", "dirty": False},
        "datetime": "2026-01-02T03:04:05.678+00:00",
        "benchmarks": [
            *(step("B 30-32-32-1", dtype, peer, us, 50.0 * 8 / us) for dtype in ("float32", "float64")
              for peer, us in (("optlab", 8.0), ("JAX", 24.0), ("torch", 720.0))),
            *(step("E 784-1024-1024-10", "float32", peer, us, 80.0 * 3e4 / us)
              for peer, us in (("optlab", 3e4), ("JAX", 3.9e4), ("torch", 2.4e4))),
            *(point("width", x, 5 + x, 1e5 * x) for x in (8, 64, 512, 4096)),
            *(point("threads", x, us, 1e6 / x) for x, us in ((1, 100.0), (2, 90.0))),
            *(update("adam", dtype, ns, "optlab 0.1.0") for dtype, ns in (("float32", 0.4), ("float64", 0.8))),
            update("lion", "float32", 0.3, "optlab-lion 2.0"),
            benchmark("start-up", "test_import", 0.14), benchmark("start-up", "test_train_with_warm_cache", 0.9),
            benchmark("sweep of 256 trials", "test_trials", 0.32, threads=2),
        ],
    }  # fmt: skip


@pytest.fixture
def file(tmp_path):
    def write(content, name="now.json"):
        (tmp_path / name).write_text(json.dumps(content))
        return tmp_path / name

    return write


@pytest.fixture
def made(file, tmp_path, capsys):
    """Run the command on one content or two; return the page's text."""

    def run(now, before=None):
        files = [str(file(now)), *([str(file(before, "before.json"))] if before else [])]
        assert page.main([*files, "--out", str(tmp_path / "page")]) == 0
        written = (tmp_path / "page" / "index.html").read_text()
        assert capsys.readouterr().out.strip().endswith("index.html")
        return unescape(written)

    return run


def section(text, heading):
    return text.split(f"<h2>{heading}")[1].split("</section>")[0]


def test_the_page_needs_nothing_from_outside_and_tells_no_host(made, tmp_path):
    text = made(recorded())
    assert "://" not in text and "<script" not in text and "<link" not in text
    assert "default-src 'none'" in text
    assert "secret-host" not in text and str(tmp_path) not in text
    for fact in ("Some CPU", "openblas 0.3", "numpy 2.0.0", "0123456789", "2026-01-02 03:04 UTC", "float32 100 GFLOP/s"):
        assert fact in text


def test_every_picture_is_a_png_in_the_page_and_beside_it(made, tmp_path):
    embedded = [base64.b64decode(image) for image in re.findall(r'src="data:image/png;base64,([^"]+)"', made(recorded()))]
    beside = {path.stem: path.read_bytes() for path in (tmp_path / "page" / "figures").iterdir()}
    assert set(beside) == {"peers", "rates", "growth", "optimizers", "start-up"}
    assert sorted(embedded) == sorted(beside.values())
    assert all(image.startswith(b"\x89PNG\r\n") and len(image) > 5000 for image in embedded)


def test_peers_are_compared_within_their_case_and_dtype(made):
    text = made(recorded())
    rows = {tuple(re.findall(r">([^<>]*)</t[hd]>", row)[:2]): row for row in section(text, "Against peers").split("<tr>")[2:]}
    assert "3x" in rows["B 30-32-32-1", "float32"] and "90x" in rows["B 30-32-32-1", "float64"]
    assert "0.80x" in rows["E 784-1024-1024-10", "float32"]
    assert "0.80x to 3x" in text, "the card tells where a peer is faster"
    assert "80% in E float32" in text


def test_rows_of_contenders_that_ran_in_turn_are_taken_apart(file):
    row = {
        "case": "A 1-16-1", "dtype": "float32", "rounds": 9, "peak_gflops": 100.0, "share_of_peak": 0.2,
        "optlab": {"min_us": 1.0, "median_us": 2.0}, "jax": {"min_us": 4.0, "median_us": 10.0, "ratio_of_medians": 5.0},
    }  # fmt: skip
    for content in ([row], {"benchmarks": [benchmark("peers", "test_step[A-float32]", 1.0, **row)]}):
        found = results.read(file(content))
        (match,), (own, theirs) = measures.matches(found), measures.rates(found)
        assert (match.ours, dict(match.peers), match.lead) == (pytest.approx(2e-6), {"jax": pytest.approx(1e-5)}, pytest.approx(5.0))
        assert (own.share, own.flops, theirs.share) == pytest.approx((0.2, 20_000.0, 0.05))


def test_a_curve_is_straight_from_where_all_larger_points_are_on_the_line(file):
    width, threads = measures.curves(results.read(file(recorded())))
    assert [point.ratio for point in width.points] == pytest.approx([(5 + x) / x / (4101 / 4096) for x in (8, 64, 512, 4096)])
    assert width.straight_from == 64
    assert width.why == measures.BENDS["width"]
    straight = measures.Curve("width", "float32", (measures.Point(1, 1.0, 1.0, 1.0, None), measures.Point(2, 2.2, 2.0, 2.0, None)))
    assert straight.why == ""
    assert threads.straight_from is None and "1.80x the line at 2" in threads.said


def test_third_party_optimizers_are_told_apart(file):
    lion, adam = measures.updates(results.read(file(recorded())))
    assert (lion.name, lion.foreign, adam.foreign) == ("lion", "optlab-lion 2.0", None)
    assert adam.nanoseconds == {"float32": 0.4, "float64": 0.8}


def test_a_planted_regression_and_a_planted_speed_up_are_named(made):
    now, before = recorded(), recorded()
    start = [one for one in now["benchmarks"] if one["group"] == "start-up"]
    start[0]["stats"]["median"] *= 1.5
    start[1]["stats"]["median"] /= 2
    now["benchmarks"][-1]["stats"]["median"] *= 1.04  # too little to tell
    before["benchmarks"].append(benchmark("gone", "test_gone", 1.0))
    text = section(made(now, before), "Slower and faster than before.json")
    slower, faster = text.split("<h3>Faster</h3>")
    assert "start-up: import" in slower and "1.5x slower" in slower
    assert "start-up: train with warm cache" in faster and "2x faster" in faster
    assert "sweep of 256 trials" not in text
    assert "Only in before.json: gone" in text
    assert "became 1.00x as fast" in text


def test_a_change_within_the_scatter_of_the_rounds_is_none(file):
    noisy, calm = recorded(), recorded()
    for content, scatter in ((noisy, 0.4), (calm, 0.01)):
        content["benchmarks"] = [benchmark("start-up", "test_import", 0.14 if content is calm else 0.18, scatter)]
    (change,) = results.changes(results.read(file(noisy)), results.read(file(calm, "before.json")))
    assert change.speed == pytest.approx(0.14 / 0.18) and not change.noticed


def test_peers_are_a_yardstick_and_no_regression_of_ours(file):
    now, before = recorded(), recorded()
    for one in now["benchmarks"]:
        if one["extra_info"].get("peer") in ("JAX", "torch"):
            one["extra_info"]["step_us"] *= 2
    both = results.read(file(now)), results.read(file(before, "before.json"))
    assert results.yardstick(*both) == pytest.approx(0.5)
    assert not any(change.noticed for change in results.changes(*both))


def test_two_machines_are_not_compared_in_silence(made):
    before = recorded()
    before["machine_info"]["cpu"]["brand_raw"] = "Other CPU"
    before["machine_info"]["versions"]["numpy"] = "1.26.4"
    text = made(recorded(), before)
    assert "CPU: Other CPU before, Some CPU now" in text and "numpy 1.26.4 before, 2.0.0 now" in text


def test_a_part_of_the_benchmarks_gives_a_shorter_page(made, tmp_path):
    content = recorded()
    content["benchmarks"] = content["benchmarks"][-1:]
    text = made(content)
    assert re.findall(r"<h2>([^<]+)", text) == ["Sweep of 256 trials", "Machine"]
    assert not (tmp_path / "page" / "figures").exists()


def test_names_are_text(file, tmp_path):
    content = recorded()
    content["benchmarks"].append(benchmark("<b>group</b>", "test_x[$\\frac$ <script>]", 1.0))
    content["benchmarks"].append(update("<i>$x_{$</i>", "float32", 0.1, "<u>dist</u> 1"))
    written = page.write(results.read(file(content)), tmp_path / "page").read_text()
    assert not re.search(r"<(script|b|i|u)>", written)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}", "not a result of pytest-benchmark"),
        ("no json", "not a result of pytest-benchmark"),
        ('{"benchmarks": []}', "holds no measurement"),
    ],
)
def test_a_file_without_results_is_refused_in_one_sentence(tmp_path, capsys, content, said):
    (tmp_path / "wrong.json").write_text(content)
    assert page.main([str(tmp_path / "wrong.json"), "--out", str(tmp_path / "page")]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "page").exists()


def test_a_sweep_beside_peers_is_taken_apart_without_a_peak(file):
    contenders = {
        name: {"min_us": us, "median_us": us}
        for name, us in (("optlab", 3e5), ("optlab, 1 thread", 5e5), ("jax", 1.2e6), ("jax, scan alone", 9e5))
    }
    row = {"case": "256 x B, 2 threads", "dtype": "float32", "rounds": 5, "trials": 256, **contenders}
    match, *more = measures.matches(results.read(file([row])))
    assert not more and match.case == "256 x B, 2 threads"
    assert (match.ratio("jax"), match.lead, match.nearest) == (pytest.approx(4.0), pytest.approx(3.0), "jax, scan alone")
    assert not measures.rates(results.read(file([row])))
