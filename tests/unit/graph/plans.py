"""Plans written by hand, from steps within steps."""

import itertools
from random import Random

from recipe_engine.core.plan import (
    Branch,
    Call,
    Case,
    ForEach,
    Group,
    Lane,
    Parallel,
    Perform,
    Plan,
    Repeat,
    Set,
    Step,
    Stop,
    Transform,
    Wait,
)


class Recipe:
    """Collects steps and blocks. Methods add a step and return its index; a list of indexes makes a block."""

    def __init__(self):
        self.steps = []
        self.blocks = []

    def block(self, steps):
        self.blocks.append(tuple(steps))
        return len(self.blocks) - 1

    def add(self, id, type, do, name="", **fields):
        if isinstance(fields.get("on_error"), list):
            fields["on_error"] = self.block(fields["on_error"])
        self.steps.append(Step(id, name or id, type, do, **fields))
        return len(self.steps) - 1

    def act(self, id, type="http", name="", **fields):
        return self.add(id, type, Perform(type, {}, "once"), name, **fields)

    def set(self, id, **fields):
        return self.add(id, "set", Set({}), **fields)

    def transform(self, id, items, **fields):
        return self.add(id, "transform", Transform(items), **fields)

    def branch(self, id, cases, otherwise=None, **fields):
        arms = tuple(Case(when, self.block(steps)) for when, steps in cases.items())
        last = None if otherwise is None else self.block(otherwise)
        return self.add(id, "branch", Branch(arms, last), **fields)

    def wait(self, id, on_timeout=None, name="", if_=None, on_error="fail", **fields):
        late = None if on_timeout is None else self.block(on_timeout)
        return self.add(id, "wait", Wait(on_timeout=late, **fields), name, if_=if_, on_error=on_error)

    def each(self, id, items, as_, steps, concurrency=1, **fields):
        return self.add(id, "for_each", ForEach(items, as_, self.block(steps), concurrency), **fields)

    def repeat(self, id, until, steps, on_timeout=None, **fields):
        late = None if on_timeout is None else self.block(on_timeout)
        return self.add(id, "repeat", Repeat(until, self.block(steps), on_timeout=late), **fields)

    def parallel(self, id, lanes, **fields):
        drawn = tuple(Lane(name, self.block(steps)) for name, steps in lanes.items())
        return self.add(id, "parallel", Parallel(drawn), **fields)

    def group(self, id, steps, always=None, **fields):
        after = None if always is None else self.block(always)
        return self.add(id, "group", Group(self.block(steps), after), **fields)

    def call(self, id, recipe, **fields):
        return self.add(id, "recipe", Call(recipe, {}), **fields)

    def stop(self, id, status="succeeded", **fields):
        return self.add(id, "stop", Stop(status), **fields)

    def plan(self, steps, on_error=None, name="Devis urgent"):
        root = self.block(steps)
        handler = None if on_error is None else self.block(on_error)
        return Plan("devis", name, tuple(self.steps), tuple(self.blocks), root, on_error=handler)


def simple():
    r = Recipe()
    return r.plan(
        [
            r.act("classify", "llm_call", "Classer la demande"),
            r.branch(
                "route",
                {
                    "classify.confidence >= 0.7 and classify.category == 'modelling'": [
                        r.act("ticket", "hubspot.create_ticket", "Ouvrir un ticket")
                    ]
                },
                [r.act("log", "log")],
            ),
            r.wait("pause", duration="15m", name="Laisser le temps de répondre"),
            r.act("warn", "notify", "Prévenir l'équipe", if_="ticket is defined and not quiet"),
        ]
    )


def nested():
    """Branches in loops in parallel, handlers, waits, everything."""
    r = Recipe()
    inner = r.branch(
        "kind",
        {
            "ticket.priority == 'HIGH'": [
                r.act("call", "twilio.call", "Appeler le client tout de suite"),
                r.act("note", "hubspot.add_note"),
            ],
            "ticket.priority == 'LOW' and ticket.age > days(10)": [r.stop("enough", name="Inutile de continuer")],
        },
        [r.set("later")],
        name="Quelle urgence ?",
    )
    loop = r.each(
        "each",
        "tickets.data",
        "ticket",
        [r.act("fetch", "hubspot.get_ticket", on_error="continue"), inner],
        4,
        name="Pour chaque ticket",
    )
    poll = r.repeat(
        "job",
        "job_state.status != 'running'",
        [r.act("job_state", "http", "Où en est le calcul ?")],
        on_timeout=[r.act("alert", "slack.post_message", "Alerter")],
        name="Attendre le calcul",
    )
    both = r.parallel(
        "both",
        {"tickets": [loop], "calcul": [poll, r.transform("totals", "orders.rows", name="Totaux par client")]},
        name="En même temps",
    )
    approval = r.wait(
        "ok",
        approval={"ask": "?"},
        name="Accord du gérant",
        on_timeout=[r.stop("refused", "failed", name="Pas de réponse")],
    )
    pay = r.act(
        "pay",
        "stripe.refund",
        "Rembourser",
        on_error=[r.act("undo", "hubspot.update_deal", "Annuler"), r.act("tell", "notify", "Expliquer")],
    )
    tidy = r.group(
        "tidy",
        [r.call("refund", "refund-customer", name="Remboursement"), pay],
        always=[r.act("close", "sftp.close", "Fermer la session")],
        name="Clôture",
    )
    return r.plan(
        [r.act("start_all", "http", "Lire les tickets"), both, approval, tidy],
        on_error=[r.act("report", "notify", "Prévenir l'astreinte")],
    )


def hostile():
    """Texts that try to leave their labels."""
    r = Recipe()
    bad = '</text><script>alert("x")</script> "]; end %% #quot; | `a` {{ b }} & <br/>'
    return r.plan(
        [
            r.act("a", "http", bad, if_=bad),
            r.branch("b", {bad: [r.act("c", name="\n\nend\n")]}, name=bad),
            r.act("d", name="Un nom très long " * 12, if_="x" * 200),
            r.act("e", name="日本語のとても長い名前がここにありますので折り返します"),
        ],
        name=bad,
    )


def handlers():
    """Handlers on every kind of step, ends in every kind of place."""
    r = Recipe()
    ends = {"a": [r.stop("s1")], "b": [r.stop("s2", "failed")]}
    return r.plan(
        [
            r.branch("decide", ends, [r.stop("s3")], if_="event is defined", on_error=[r.act("h1")]),
            r.each(
                "loop",
                "xs",
                "x",
                [r.act("one"), r.stop("quit", if_="x.bad")],
                if_="xs",
                on_error=[r.act("h2"), r.stop("h3", "failed")],
            ),
            r.wait(
                "w",
                event="contact.replied",
                on_timeout=[r.act("late"), r.wait("again", duration="{{ delay }}")],
                on_error=[r.set("h4")],
            ),
            r.parallel(
                "p",
                {"a": [r.act("pa")], "b": [r.stop("pb")], "c": [r.group("pg", [r.act("pgb")], [r.act("pga")])]},
                on_error=[r.act("h5")],
            ),
            r.each("outer", "ys", "y", [r.each("inner", "y.zs", "z", [r.act("deep", name="Au fond")])]),
            r.branch("last", {"x": [r.stop("s5")]}, [r.branch("lastest", {"y": [r.stop("s6")]}, [r.stop("s7")])]),
        ]
    )


def anything(seed):
    """A plan of any shape; everything follows from the seed."""
    random = Random(seed)
    r = Recipe()
    count = itertools.count()

    def steps(depth, fewest=0):
        return [step(depth + 1) for _ in range(random.randint(fewest, 3))]

    def maybe(depth):
        return steps(depth) if random.random() < 0.4 else None

    def step(depth):
        id = f"s{next(count)}"
        name = random.choice(["", "Prévenir", "Un nom plutôt long pour une étape de recette " * 2])
        fields = {"if_": random.choice([None, None, "a.b == 'c'"])}
        if depth < 3 and random.random() < 0.2:
            fields["on_error"] = steps(depth)
        kinds = ["act", "stop", "wait", "set"] + ["branch", "each", "repeat", "parallel", "group"] * (depth < 3)
        match random.choice(kinds):
            case "stop":
                return r.stop(id, name=name, **fields)
            case "wait":
                return r.wait(id, maybe(depth) if depth < 3 else None, name, duration="1d", **fields)
            case "set":
                return r.set(id, name=name, **fields)
            case "branch":
                cases = {f"x == {number}": steps(depth) for number in range(random.randint(1, 3))}
                return r.branch(id, cases, maybe(depth), name=name, **fields)
            case "each":
                return r.each(id, "xs", "x", steps(depth), name=name, **fields)
            case "repeat":
                return r.repeat(id, "done", steps(depth), maybe(depth), name=name, **fields)
            case "parallel":
                return r.parallel(id, {f"l{n}": steps(depth) for n in range(random.randint(1, 3))}, name=name, **fields)
            case "group":
                return r.group(id, steps(depth), maybe(depth), name=name, **fields)
        return r.act(id, name=name, **fields)

    return r.plan(steps(0, 1), maybe(1), name="Tout")
