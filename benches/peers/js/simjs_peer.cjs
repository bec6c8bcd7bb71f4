// sim.js: callbacks; stations are facilities. `simjs_peer.cjs NETWORK CUSTOMERS` in the folder where it is installed.
globalThis.window = globalThis; // it hands itself over to browsers only
require(require.resolve("simjs", { paths: [process.cwd()] }));
const { Sim, Entity, Facility, Random } = globalThis.window.Sim;

const network = JSON.parse(process.argv[2]);
const customers = Number(process.argv[3]);
const size = Math.ceil(customers / 32);
const means = [];
let seen = 0;
let sum = 0;
const random = new Random(1);
const station = (leg) => new Facility("station", Facility.FCFS, leg.servers);
const stations = network.legs.map((leg) => Array.from({ length: leg.choices }, () => station(leg)));

class World extends Entity {
  start() {
    this.toCome = customers;
    this.arrive();
  }

  arrive() {
    this.enter({ arrived: this.time(), leg: 0 });
    this.toCome -= 1;
    if (this.toCome > 0) this.setTimer(random.exponential(network.rate)).done(this.arrive, this);
  }

  enter(customer) {
    const leg = network.legs[customer.leg];
    const choice = leg.choices === 1 ? 0 : Math.floor(random.random() * leg.choices);
    const service = random.exponential(1 / leg.service);
    this.useFacility(stations[customer.leg][choice], service).done(this.served, this, customer);
  }

  served(customer) {
    const hop = network.legs[customer.leg].hop;
    if (hop > 0) this.setTimer(hop).done(this.moved, this, customer);
    else this.moved(customer);
  }

  moved(customer) {
    customer.leg += 1;
    if (customer.leg < network.legs.length) return this.enter(customer);
    sum += this.time() - customer.arrived;
    seen += 1;
    if (seen === size) {
      means.push(sum / size);
      seen = 0;
      sum = 0;
    }
  }
}

const start = process.cpuUsage();
const sim = new Sim();
sim.addEntity(World, "world");
sim.simulate((customers / network.rate) * 10);
const used = process.cpuUsage(start);
console.log(JSON.stringify({ cpu_seconds: (used.user + used.system) / 1e6, means }));
