"""What keeping a store up to date costs beside training: a group at an address against one in a folder.

python benchmarks/study_mirror.py [--iterations 4000] [--pairs 5]

The store is a server of S3's protocol in a process of its own. Checkpoints come at the default cadence. The two are
trained in turn, and a line a pair is printed; the ratio is of the processor's seconds of the worker, all of its threads
together, which other work on the machine does not change much.
"""

import argparse
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time

import overgan
from overgan.study import finish_groups

SERVER = (
    "import sys, time; from moto.server import ThreadedMotoServer; s = ThreadedMotoServer('127.0.0.1', 0, False); "
    "s.start(); print(s.get_host_and_port()[1], flush=True); sys.stdin.read()"
)


class Prepared:
    """In place of an executor: the study is described, and its group is left."""

    def start(self, _job):
        raise KeyboardInterrupt

    def working(self):
        return False

    def stop(self):
        pass


def seconds(out, iterations):
    """Of one group with the digits, three seeds, in this process."""
    try:
        spec = {
            "name": "mirror",
            "data": {"name": "digits"},
            "model": {"name": "mlp"},
            "widths": [64],
            "seeds": [0, 1, 2],
        }
        spec |= {"train": {"iterations": iterations, "evaluate_every": iterations // 4}}
        overgan.run(
            spec | {"evaluate": {"features": ["pixels"], "samples": 200}}, out, executor="study_mirror:Prepared"
        )
    except KeyboardInterrupt:
        start = time.process_time()
        finish_groups(out, 1, "cpu", lambda: False)
        return time.process_time() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--iterations", type=int, default=4000)
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as server,
    ):
        port = int(server.stdout.readline())
        url = f"http://127.0.0.1:{port}"
        os.environ |= {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
        os.environ |= {"AWS_DEFAULT_REGION": "us-east-1", "OVERGAN_MIRRORS": f"{folder}/mirrors"}
        bucket = http.client.HTTPConnection("127.0.0.1", port)
        bucket.request("PUT", "/bucket")
        bucket.getresponse().read()
        seconds(f"{folder}/warm", 50), seconds("s3://bucket/warm", 50)
        ratios = []
        for pair in range(given.pairs):
            places = [f"{folder}/{pair}", f"s3://bucket/{pair}"]
            took = {out: seconds(out, given.iterations) for out in (places if pair % 2 else places[::-1])}
            ratios.append(took[places[1]] / took[places[0]])
            print(
                f"folder {took[places[0]]:.1f} s, address {took[places[1]]:.1f} s, ratio {ratios[-1]:.4f}", flush=True
            )
        print(f"median ratio {statistics.median(ratios):.4f}")
        server.stdin.close()


if __name__ == "__main__":
    main()
