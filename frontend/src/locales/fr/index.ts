import type english from '../en'
import auth from './auth.json'
import common from './common.json'
import devices from './devices.json'
import history from './history.json'
import settings from './settings.json'
import talk from './talk.json'
import welcome from './welcome.json'

/** A catalogue that says everything that `Words` says; plural forms beyond those are its own affair. */
type Whole<Words> = { [Key in keyof Words]: Words[Key] extends string ? string : Whole<Words[Key]> }

/** Every word of the interface in French. */
export default {
  auth,
  common,
  devices,
  history,
  settings,
  talk,
  welcome,
} satisfies Whole<typeof english>
