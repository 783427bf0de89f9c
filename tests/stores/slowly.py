"""An executor whose worker never comes to an end of its own."""


class Slowly:
    def start(self, job):
        pass

    def working(self):
        return True

    def stop(self):
        pass
