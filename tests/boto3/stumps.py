"""XGBoost models of one split a tree, whose predictions are arithmetic: no answer of the server is needed to expect them.

The JSON is that of XGBoost's doc/model.schema, as 1.7 writes it; the pickle is what 1.3 to 1.6 make of a Booster.
"""

import io
import json
import pickle
import sys
import tarfile
import types


def tree(number, feature, threshold, left, right):
    """Goes left when the feature is below the threshold, right when it is not, and left when it is missing."""
    return {
        "id": number,
        "tree_param": {"num_nodes": "3", "size_leaf_vector": "0"},
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "parents": [2147483647, 0, 0],
        "split_indices": [feature, 0, 0],
        "split_conditions": [threshold, left, right],
        "split_type": [0, 0, 0],
        "default_left": [1, 0, 0],
        "loss_changes": [1.0, 0.0, 0.0],
        "sum_hessian": [2.0, 1.0, 1.0],
        "base_weights": [0.0, left, right],
        "categories": [],
    }


def model(trees, features=2, objective="reg:squarederror", base_score=0.0, classes=0):
    """A model as XGBoost 1.7 saves it; the tree at place n adds to class n modulo `classes`."""
    return {
        "version": [1, 7, 6],
        "learner": {
            "attributes": {},
            "feature_names": [],
            "feature_types": [],
            "objective": {"name": objective},
            "learner_model_param": {
                "base_score": str(base_score),
                "num_class": str(classes),
                "num_feature": str(features),
                "num_target": "1",
            },
            "gradient_booster": {
                "name": "gbtree",
                "model": {"trees": trees, "tree_info": [number % max(classes, 1) for number in range(len(trees))]},
            },
        },
    }


def stump(left, right, threshold=0.5, **settings):
    """Predicts `left` when the first feature is below the threshold or missing, else `right`."""
    return json.dumps(model([tree(0, 0, threshold, left, right)], **settings)).encode()


def pickled(left, right, features=2):
    """The same stump as a pickled xgboost.core.Booster."""
    module = types.ModuleType("xgboost.core")
    booster_class = type("Booster", (), {"__module__": "xgboost.core"})
    module.Booster = booster_class
    sys.modules["xgboost"], sys.modules["xgboost.core"] = types.ModuleType("xgboost"), module
    booster = booster_class()
    snapshot = {"Config": {}, "Model": json.loads(stump(left, right, features=features))}
    booster.__dict__.update(handle=bytearray(json.dumps(snapshot).encode()), best_iteration=0, best_ntree_limit=1)
    try:
        return pickle.dumps(booster, protocol=4)
    finally:
        del sys.modules["xgboost"], sys.modules["xgboost.core"]


def artifact(content, name="xgboost-model"):
    """A model.tar.gz that holds one file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()
