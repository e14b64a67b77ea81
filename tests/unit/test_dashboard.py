"""The Grafana dashboard beside the indexer asks for metrics that the indexer has, and for all of them."""

import json
import re
from pathlib import Path

from registry import indexer
from registry.indexer.meters import Meters

BOARD = json.loads(Path(indexer.__file__).with_name("grafana.json").read_text())


def test_dashboard_shows_every_metric_and_none_that_does_not_exist():
    meters = Meters()
    meters.endpoints({"http://127.0.0.1": 1})
    families = list(meters.registry.collect())
    named = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    asked = {name for panel in BOARD["panels"] for target in panel["targets"] for name in _metrics(target["expr"])}
    assert asked == named


def test_variables_of_the_dashboard_exist_and_panels_do_not_overlap():
    variables = {variable["name"] for variable in BOARD["templating"]["list"]}
    assert set(re.findall(r"\$\{?(\w+)", json.dumps(BOARD))) <= variables
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in BOARD["panels"]]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(places)


def _metrics(expression):
    return re.findall(r"hallmark_\w+", expression)
