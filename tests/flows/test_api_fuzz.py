"""A short, seeded run of generated requests against a served registry; `make api-deep` is the long one."""

from api_fuzz import fuzz
from served import deposited, serving


def test_generated_requests_never_meet_a_server_error_nor_an_answer_that_is_not_described(desk):
    desk.write_csv(3)
    desk.ok("issue results.csv --achievement achievement.json --out credentials --wait 1 --suite jcs")
    with serving(desk, HALLMARK_API_RATE="0") as (address, process):
        run = fuzz(desk.folder, address, seed=1, examples=4, known=deposited(desk, address))
        assert not run.failures, "\n".join(run.failures)
        assert run.requests > 200
        assert run.operations >= 16
        assert process.poll() is None
    assert "Traceback" not in (desk.folder / "serve.log").read_text()
