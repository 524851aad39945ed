// Bass per edge as an agentscript model, in the synchronous rule: all decide on
// who was inside at the beginning of the step.
//
//   node spread.mjs <agentscript2d.mjs> <edges> <agents> <p> <q> <steps>
//
// The first is dist/agentscript2d.js of the npm package, under a name that has
// node take it for a module. Edges are pairs of 32-bit numbers, little-endian. Prints one line of JSON:
// seconds of the steps alone, and who is inside after each.
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [library, file, ...rest] = process.argv.slice(2)
const [agents, p, q, steps] = rest.map(Number)
// The library's views ask for a page's canvas when it is loaded; nothing is drawn.
globalThis.OffscreenCanvas = class {
    getContext() { return new Proxy({}, { get: () => () => ({}) }) }
}
const { Model } = await import(pathToFileURL(library))

class Spread extends Model {
    setup() {
        this.turtles.create(agents, t => { t.inside = false })
        const bytes = readFileSync(file)
        for (let i = 0; i < bytes.length; i += 8) {
            this.links.createOne(this.turtles[bytes.readInt32LE(i)], this.turtles[bytes.readInt32LE(i + 4)])
        }
        this.count = 0
    }
    step() {
        const joining = []
        this.turtles.ask(t => {
            if (t.inside) return
            let not = 1 - p
            const links = t.links
            for (let i = 0; i < links.length; i++) { // three times as fast as for…of
                if (links[i].otherEnd(t).inside) not *= 1 - q
            }
            if (Math.random() >= not) joining.push(t)
        })
        for (const t of joining) t.inside = true
        this.count += joining.length
    }
}

const model = new Spread()
model.setup()
const curve = [0]
const cpu = process.cpuUsage()
const start = process.hrtime.bigint()
for (let i = 0; i < steps; i++) {
    model.step()
    curve.push(model.count)
}
const wall = Number(process.hrtime.bigint() - start) / 1e9
const { user, system } = process.cpuUsage(cpu)
console.log(JSON.stringify({ wall, processor: (user + system) / 1e6, curve }))
