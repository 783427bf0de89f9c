"""Files from others are never unpickled: no code that could."""

import ast
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & {"pickle", "joblib", "dill", "shelve"}, path
            if isinstance(node, ast.Call):
                called, given = ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}
                assert called not in ("pd.read_pickle", "yaml.load"), path
                assert called != "np.load" or given.get("allow_pickle") == "False", path
                assert called != "torch.load" or given.get("weights_only") == "True", path
                assert given.get("allow_pickle") in (None, "False"), path

