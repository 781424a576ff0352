/** The name with its mark. */
export function Brand({ href, children }: { readonly href: string; readonly children: string }) {
  return (
    <a class="brand" href={href}>
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="7" fill="#0f766e" />
        <path d="M9 8h11l5 4-5 4H9zM15 16h4v9h-4z" fill="#fff" />
      </svg>
      {children}
    </a>
  );
}
