/** The look that the fields which open a list share. */
export const trigger =
  'flex min-h-12 w-full items-center justify-between gap-3 rounded-field border border-edge bg-paper px-4 py-2 text-left text-base text-ink hover:bg-sunken disabled:opacity-60'

export const floating =
  'w-(--anchor-width) min-w-56 max-w-[calc(100vw-1.5rem)] rounded-field border border-line bg-raised p-1.5 text-base text-ink shadow-floating outline-none'

export const floatingRow =
  'flex min-h-11 w-full cursor-pointer items-center gap-3 rounded-small px-3 py-1.5 outline-none data-highlighted:bg-sunken'
