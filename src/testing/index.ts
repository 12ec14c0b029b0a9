/** The door `callweave/testing`: a SIP world in virtual time, and phones that attack what is in it. */

export type { CallJournal, JournalEntry } from '../journal/format.ts';
export { readJournal } from '../journal/read.ts';
export { type Finding, lineOf, type RuleName } from '../lint/finding.ts';
export { type LintReport, lintReport, lintScenario } from '../lint/lint.ts';
export {
  callHistories,
  EVERY_ACT,
  type HistoryOptions,
  histories,
  mediaHistories,
  pushHistories,
  registrationHistories,
} from './arbitraries/histories.ts';
export { type Act, act } from './attack/act.ts';
export { type AttackOptions, attack, playHistory, type Withstood } from './attack/attack.ts';
export { CALL_ACTS } from './attack/call-acts.ts';
export { NETWORK_ACTS, PUSH_ACTS, restart } from './attack/fault-acts.ts';
export type { ActAt, Habit, History, PhonePlan } from './attack/history.ts';
export { type FactsTold, invariant } from './attack/invariant.ts';
export { MEDIA_ACTS } from './attack/media-acts.ts';
export { MID_CALL_ACTS, TRANSFER_ACTS } from './attack/mid-call-acts.ts';
export { PICKUP_ACTS } from './attack/pickup-acts.ts';
export type { Broken, Played } from './attack/play.ts';
export { REGISTRATION_ACTS } from './attack/registration-acts.ts';
export { AttackFailure } from './attack/report.ts';
export type { Place, Scene } from './attack/scene.ts';
export type { Invariant, Watch } from './invariant.ts';
export { type Armed, armedIn, type Exceptions } from './invariants/armed.ts';
export { digestOf, sameSeed } from './invariants/digest.ts';
export { INVARIANTS } from './invariants/index.ts';
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
export type { Replay } from './replay/play.ts';
export { type ReplayOptions, replay } from './replay/replay.ts';
export { RoamingWire } from './roaming-wire.ts';
export { SeededRandom } from './seeded-random.ts';
export { type ObservedService, type ServiceWorld, type ServiceWorldOptions, serviceWorld } from './service-world.ts';
export { type HttpAnswer, type HttpAsked, type HttpFault, SimulatedHttp } from './simulated-http.ts';
export { SimulatedMedia, simulatedMedia, simulatedMediaIn } from './simulated-media.ts';
export { SimulatedResolver, type Zone } from './simulated-resolver.ts';
export { openSocketWire } from './socket-wire.ts';
export { VirtualTime } from './virtual-time.ts';
export { CALL_RULES } from './walk/call-rules.ts';
export { type CallStage, callStage } from './walk/call-stage.ts';
export type { Installed, WalkWorld } from './walk/engine.ts';
export { type Said, type WalkRule, walkRule } from './walk/rule.ts';
export { type ScenarioWalk, walkScenario } from './walk/scenario.ts';
export { type BrokenWalk, type Surroundings, type WalkOptions, type Walks, walk } from './walk/walk.ts';
export { simulatedStreamWire, simulatedUdpWire, type Wire } from './wire.ts';
export {
  createWorld,
  SERVICE_HOST,
  type ServiceParts,
  type StartService,
  type World,
  type WorldOptions,
  type WorldPhone,
  type WorldWatcher,
} from './world.ts';
