"""One request again and again: as often as goes, or as often a second as --each says."""
from locust import FastHttpUser, constant, constant_throughput, events, task


@events.init_command_line_parser.add_listener
def arguments(parser):
    parser.add_argument("--each", type=float, default=0.0)


class User(FastHttpUser):
    def wait_time(self):
        each = self.environment.parsed_options.each
        if not hasattr(self, "pace"):
            self.pace = constant_throughput(each) if each > 0 else constant(0)
        return self.pace(self)

    @task
    def get(self):
        self.client.get("/")
