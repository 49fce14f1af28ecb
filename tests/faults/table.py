"""A DynamoDB table, as far as the function uses one: conditions, transactions, updates and queries.

moto answers a call in tens of milliseconds, this table in less than one: thousands of cases need that.
"""

import bisect
import collections
import copy
import itertools
import json
import re
from datetime import datetime, timedelta

#: What a query reads at once, in bytes ("Query", DynamoDB API reference).
PAGE = 1 << 20
#: What the lists of the baseline begin with.
BASELINE = ("BASELINE", "CHECK#", "ENTITY#", "SEEN#")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
TOKENS = re.compile(r"\s*(<=|>=|<>|[=<>(),]|[:#]?\w+)")


class Refused(Exception):
    """The call is refused with this code; `more` stands in the answer besides."""

    def __init__(self, code, **more):
        super().__init__(code)
        self.code, self.more = code, more


def value(attribute):
    """A value that compares as DynamoDB compares it."""
    if attribute is None:
        return None
    ((kind, of),) = attribute.items()
    return int(of) if kind == "N" else of


class Condition:
    """A condition, filter or key condition ("Condition and filter expressions", DynamoDB developer guide)."""

    def __init__(self, call, text):
        self.names = call.get("ExpressionAttributeNames") or {}
        self.values = call.get("ExpressionAttributeValues") or {}
        self.tokens = TOKENS.findall(text)

    def holds(self, item):
        self.item, self.left = item or {}, list(reversed(self.tokens))
        result = self.either()
        assert not self.left, f"cannot read {self.left}"
        return result

    def either(self):
        result = self.both()
        while self.left and self.left[-1] == "OR":
            self.left.pop()
            result = self.both() or result
        return result

    def both(self):
        result = self.one()
        while self.left and self.left[-1] == "AND":
            self.left.pop()
            result = self.one() and result
        return result

    def one(self):
        token = self.left.pop()
        if token == "(":
            result = self.either()
            assert self.left.pop() == ")"
            return result
        if token in ("attribute_exists", "attribute_not_exists"):
            assert self.left.pop() == "("
            there = self.operand(self.left.pop()) is not None
            assert self.left.pop() == ")"
            return there == (token == "attribute_exists")
        left, compare = self.operand(token), self.left.pop()
        right = self.operand(self.left.pop())
        if compare == "BETWEEN":
            assert self.left.pop() == "AND"
            last = self.operand(self.left.pop())
            return left is not None and right <= left <= last
        if left is None or right is None:
            return False
        return {
            "=": left == right,
            "<>": left != right,
            "<": left < right,
            "<=": left <= right,
            ">": left > right,
            ">=": left >= right,
        }[compare]

    def operand(self, token):
        if token.startswith(":"):
            return value(self.values[token])
        return value(self.item.get(self.names.get(token, token)))


class Items(dict):
    """Items by partition and sort key; and the keys of each partition in order, since a storm asks thousands of times."""

    def __init__(self):
        super().__init__()
        self.partitions = collections.defaultdict(list)

    def __setitem__(self, key, item):
        if key not in self:
            bisect.insort(self.partitions[key[0]], key)
        super().__setitem__(key, item)

    def __delitem__(self, key):
        self.partitions[key[0]].remove(key)
        super().__delitem__(key)


class Table:
    def __init__(self):
        self.items = Items()

    @staticmethod
    def key(item):
        return item["pk"]["S"], item["sk"]["S"]

    def call(self, action, call):
        """The answer to a call.

        Raises Refused.
        """
        return {
            "TransactWriteItems": self.transact,
            "PutItem": self.put,
            "UpdateItem": self.update,
            "Query": self.query,
        }[action](call)

    def accepts(self, call, key):
        text = call.get("ConditionExpression")
        return text is None or Condition(call, text).holds(self.items.get(key))

    def transact(self, call):
        puts = [write["Put"] for write in call["TransactItems"]]
        reasons = []
        for put in puts:
            key = self.key(put["Item"])
            if self.accepts(put, key):
                reasons.append({"Code": "None"})
                continue
            there = {"Item": self.items[key]} if key in self.items else {}
            reasons.append({"Code": "ConditionalCheckFailed"} | there)
        if any(reason["Code"] != "None" for reason in reasons):
            raise Refused("TransactionCanceledException", CancellationReasons=reasons)
        for put in puts:
            self.items[self.key(put["Item"])] = copy.deepcopy(put["Item"])
        return {}

    def put(self, call):
        key = self.key(call["Item"])
        if not self.accepts(call, key):
            raise Refused("ConditionalCheckFailedException")
        self.items[key] = copy.deepcopy(call["Item"])
        return {}

    def update(self, call):
        key = self.key(call["Key"])
        before = self.items.get(key)
        if not self.accepts(call, key):
            wanted = call.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and before
            raise Refused("ConditionalCheckFailedException", **({"Item": before} if wanted else {}))
        item = dict(before or call["Key"])
        names, values = call.get("ExpressionAttributeNames") or {}, call.get("ExpressionAttributeValues") or {}
        # ADD and SET, the only clauses that the function uses.
        for clause, parts in re.findall(r"\b(ADD|SET)\b(.*?)(?=\b(?:ADD|SET)\b|$)", call["UpdateExpression"], re.S):
            for part in parts.split(","):
                name, new = re.split(r"\s*=\s*|\s+", part.strip(), maxsplit=1)
                name, new = names.get(name, name), values[new.strip()]
                if clause == "ADD":
                    new = {"N": str((value(item.get(name)) or 0) + value(new))}
                item[name] = new
        self.items[key] = item
        wanted = {"ALL_OLD": before, "ALL_NEW": item}.get(call.get("ReturnValues"))
        return {"Attributes": wanted} if wanted else {}

    def query(self, call):
        partition = call["ExpressionAttributeValues"][":pk"]["S"]
        wanted = Condition(call, call["KeyConditionExpression"])
        backwards = call.get("ScanIndexForward") is False
        keys = self.items.partitions[partition]
        if last := call.get("ExclusiveStartKey"):
            last = self.key(last)
            keys = keys[: bisect.bisect_left(keys, last)] if backwards else keys[bisect.bisect_right(keys, last) :]
        items = (self.items[key] for key in (reversed(keys) if backwards else keys))
        # Of a long list, no more than is asked for.
        items, found, size = filter(wanted.holds, items), [], 0
        for item in itertools.islice(items, call.get("Limit")):
            found.append(item)
            size += len(json.dumps(item))
            if size > PAGE:
                break
        answer = {"Items": found, "Count": len(found)}
        if next(items, None):
            answer["LastEvaluatedKey"] = {name: found[-1][name] for name in ("pk", "sk")}
        return answer

    # --- what a test asks, or changes -------------------------------------------------------------------------

    def of(self, partition):
        return [item for (pk, _), item in sorted(self.items.items()) if pk.startswith(partition)]

    def pass_time(self, seconds, *attributes):
        """Makes the moments in these attributes earlier."""
        for item in self.items.values():
            for name in attributes:
                if name in item:
                    item[name] = {"N": str(value(item[name]) - int(seconds * 1000))}

    def pass_time_of_baseline(self, seconds):
        """Makes what the table has of the baseline earlier: its times are texts, in the keys, too."""

        def earlier(found):
            was = datetime.fromisoformat(found.group().replace("Z", "+00:00"))
            return (was - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

        for key, item in list(self.items.items()):
            if key[0].startswith(BASELINE):
                of_baseline = [name for name in item if name in ("sk", "since", "time", "progress", "run")]
                del self.items[key]
                item = item | {name: {"S": TIME.sub(earlier, item[name]["S"])} for name in of_baseline}
                self.items[self.key(item)] = item

    def progress_of_baseline(self, account):
        """How far the reading of an account has come."""
        item = self.items.get(("BASELINES", account), {})
        return json.loads(item["progress"]["S"]) if "progress" in item else {}
