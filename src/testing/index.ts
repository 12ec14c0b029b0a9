/** The door `callweave/testing`: a SIP world in virtual time, and phones that attack what is in it. */
export type { Invariant, Watch } from './invariant.ts';
export { drawLadder, type LadderRecord } from './ladder.ts';
export { type Conditions, type Packet, SimulatedNetwork } from './network.ts';
export {
  type InviteScript,
  type InviteSteps,
  Phone,
  type PhoneOptions,
  type PushParams,
  type RegisterOptions,
  type Registration,
  type Traffic,
} from './phone.ts';
export type { PhoneCall, RequestParts, Sent } from './phone-call.ts';
export type { IncomingCall } from './phone-incoming-call.ts';
export { type Header, headerOf, type PhoneMessage, paramOf, uriOf, valuesOf } from './phone-message.ts';
export type { CallOptions, OutgoingCall, Progress } from './phone-outgoing-call.ts';
export { type Push, type PushFault, PushService } from './push-service.ts';
export { SeededRandom } from './seeded-random.ts';
export { type ObservedService, type ServiceWorld, type ServiceWorldOptions, serviceWorld } from './service-world.ts';
export { type HttpAnswer, type HttpAsked, type HttpFault, SimulatedHttp } from './simulated-http.ts';
export { SimulatedResolver, type Zone } from './simulated-resolver.ts';
export { openSocketWire } from './socket-wire.ts';
export { VirtualTime } from './virtual-time.ts';
export { simulatedStreamWire, simulatedUdpWire, type Wire } from './wire.ts';
export {
  createWorld,
  SERVICE_HOST,
  type ServiceParts,
  type StartService,
  type World,
  type WorldOptions,
  type WorldPhone,
} from './world.ts';
